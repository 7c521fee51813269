"""What the clinic's pages cost beside a bare Django view, in small and large practices."""
