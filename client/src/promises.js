/**
 * Makes promises of callbacks, and tells promises from other results.
 */

/** A promise of what begin(done) gives to done(error, result). */
export function promised(begin) {
    return new Promise((resolve, reject) => {
        begin((error, result) => (error ? reject(error) : resolve(result)));
    });
}

/** Marks a promise as one that need not be looked at. */
export function mayBeIgnored(promise) {
    promise.catch(() => {});
    return promise;
}

// A page may have promises of its own, and those of other windows.
export function isPromise(result) {
    return typeof result?.then === 'function';
}
