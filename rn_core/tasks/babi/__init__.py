"""bAbI: stories of sentences, and questions about them that take one to many of the sentences to answer."""
