/**
 * Makes promises from callbacks, and recognizes promises.
 */

/** A promise of what begin(done) gives to done(error, result). */
export function promised(begin) {
    return new Promise((resolve, reject) => {
        begin((error, result) => (error ? reject(error) : resolve(result)));
    });
}

/** Keeps a failure of a promise from being an unhandled rejection where nobody looks at it. */
export function mayBeIgnored(promise) {
    promise.catch(() => {});
    return promise;
}

// Not by instanceof: a page may have promises of a library, and of other windows.
export function isPromise(result) {
    return typeof result?.then === 'function';
}
