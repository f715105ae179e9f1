"""
Uses a tenth of a second of CPU in another thread, prints the CPU time, and waits.
"""

import sys
import threading
import time


def burn():
    end = time.thread_time() + 0.1
    while time.thread_time() < end:
        pass
    done.release()
    threading.Event().wait()


done = threading.Semaphore(0)
threading.Thread(target=burn, daemon=True).start()
done.acquire()
print(time.process_time(), flush=True)
sys.stdin.read()
