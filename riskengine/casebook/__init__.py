"""The record of what people decided: assessments, opinions, decisions, reviews.

Importing this package imports nothing else; the engine never reads it. Its modules need the extra
``casebook`` (SQLAlchemy, Alembic, cryptography).
"""
