"""收件箱: what was sent to a person, its office or its enterprise inside the system, and its 签收."""
