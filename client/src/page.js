/**
 * Reads what the page has set for the client: the server's address, a token, and whether to log.
 */

/** The root of the page's own host. */
export function pageUri() {
    const { location } = globalThis;
    if (!location?.host) {
        throw new TypeError("Give the server's address, new Ratchet('ws://...'): this page has no host.");
    }
    return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/`;
}

/** The token to log in with; the empty one logs in as a guest. */
export function pageToken() {
    return globalThis.p2_ratchet_access_token ?? '';
}

export function pageDebugs() {
    return globalThis.p2_ratchet_debug === true;
}
