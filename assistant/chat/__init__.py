"""The domain: chats, their messages, the prompt, and one turn from question to stored answer."""
