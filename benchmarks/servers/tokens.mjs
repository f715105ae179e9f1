// Who may log in, the same for every server: twenty thousand tokens, and whose they are.

export const users = new Map(Array.from({ length: 20_000 }, (_, number) => [`token-${number}`, `user-${number}`]));
