"""Measurements that are too long or too loud for the tests."""
