"""Why, and how sure: reasons, missing answers, needs, and the sentences around them."""
