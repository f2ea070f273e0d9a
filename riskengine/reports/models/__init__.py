"""A page that explains a whole model, and one for an analyst's challenger."""
