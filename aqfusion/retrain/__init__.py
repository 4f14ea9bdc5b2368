"""Corrections become a better model in about a minute: trained, judged, promoted or refused."""
