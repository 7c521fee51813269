"""What members type, checked: people and sessions, the terms of a course of care, the practice."""
