"""Stores events and keeps the analysis of every trace current."""
