"""bAbI: stories of sentences, and questions about them whose answers follow from one or more of the sentences."""
