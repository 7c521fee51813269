"""What leaves the practice: a client's copy, FHIR, study files, PDF. A new kind of export gets a module here."""
