"""Retraining on corrections in about a minute: trained, validated, promoted or refused."""
