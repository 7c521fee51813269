"""The invented practice: lives made from a seed, told through the same actions as real ones, and a door into each."""
