"""What the pages about the pairs of one question share: Explore, CLEVR and bAbI."""
