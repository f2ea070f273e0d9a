"""Policies tried on a caseload: cut-offs, hours, who would move. Drafts only; a person adopts."""
