"""Arrays in, frozen results out. Knows no clinic and no questionnaire; numpy and scipy only."""
