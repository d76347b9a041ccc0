using System.IO.Hashing;
using Culprit.Engine.Ingestion;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion;

/// <summary>Takes the bodies of shippers' protocols. A body that comes again byte for byte is a resend: it counts once.</summary>
/// <remarks>
/// Shippers resend whole batches after a lost answer, without any key. Where every record of a body has a time of its own, an equal
/// body is that resend, for as long as an <c>Idempotency-Key</c> is known; where one has none, it may be new events, and is taken.
/// </remarks>
internal sealed class ShipperIntake(RecordIntake records, RepeatedRequests repeated)
{
    /// <param name="body">Inflated.</param>
    /// <param name="scope">What else makes two requests different: protocol, path, and parameters that change the records.</param>
    /// <param name="answer">Makes the answer in the protocol's words. Asked before the records are durable, and given only after.</param>
    /// <returns>The answer, or the problem: 400 and 413 for good, 503 to come again; the endpoint says it in the protocol's words.</returns>
    public Task<(StoredAnswer? Answer, Problem? Problem)> TakeAsync(
        ReadOnlyMemory<byte> body, string scope, IBodyDecoder decoder, Func<Intake, StoredAnswer> answer)
    {
        var hash = XxHash128.HashToUInt128(body.Span);

        // No header can hold the first character, so no client's key is taken for it.
        var key = $"\u0001{scope}\u0001{hash:x32}";
        return repeated.OnceAsync(key, hash, async () =>
        {
            var isUndated = false;
            var (taken, problem) = await records.TakeAsync(
                body,
                decoder,
                RecordIntake.RefuseBroken,
                intake =>
                {
                    isUndated = intake.Parse.IsUndated;
                    return answer(intake);
                },
                intake => intake.Parse.IsUndated ? null : new IdempotencyNote(key, hash, answer(intake)).ToBytes()).ConfigureAwait(false);
            return (taken, problem, isUndated);
        });
    }
}
