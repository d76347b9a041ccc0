using Culprit.Server.Http;
using Culprit.Server.Journal;

namespace Culprit.Server.Ingestion;

/// <summary>Has a request that comes again taken once, and answered as it was the first time.</summary>
internal sealed class RepeatedRequests(IdempotencyKeys keys, IJournal journal, IngestionMetrics metrics)
{
    /// <param name="key">What names the request.</param>
    /// <param name="bodyHash">Another body under the same key is refused.</param>
    /// <param name="take">Takes it. With no answer, the next request under the key is taken, too.</param>
    public async Task<(StoredAnswer? Answer, Problem? Problem)> OnceAsync(
        string key, UInt128 bodyHash, Func<Task<(StoredAnswer? Answer, Problem? Problem)>> take)
    {
        IdempotencyKeys.Claim claim;
        while (!(claim = keys.TryClaim(key, bodyHash, journal.LastSequence)).IsOurs)
        {
            if (claim.IsOtherBody)
            {
                metrics.RequestRejected();
                return (null, new Problem(422, "idempotency_key_reused", "This Idempotency-Key was used for another body."));
            }

            if (claim.Answer is { } answer)
            {
                return (answer, null);
            }

            await claim.Pending!.ConfigureAwait(false);
        }

        StoredAnswer? kept = null;
        try
        {
            var (answer, problem) = await take().ConfigureAwait(false);
            kept = answer;
            return (answer, problem);
        }
        finally
        {
            if (kept is null)
            {
                keys.Abandon(key);
            }
            else
            {
                keys.Complete(key, kept);
            }
        }
    }
}
