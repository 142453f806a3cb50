"""What the public repositories of the editions need to be told apart from their code."""
