"""Take sessions from the calendar that a therapist keeps: fetch it, read it, and change what it changed."""
