"""The invented practice: courses made from a seed and entered through the same actions as real ones, and a door to each
person.
"""
