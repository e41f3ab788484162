"""What the pages about the pairs of one question share: Explore, CLEVR, bAbI and physics."""
