"""Files as offices have them, turned into assessments. Heavy readers are imported when needed."""
