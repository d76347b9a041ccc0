using Culprit.Engine.Ingestion;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion;

/// <summary>Takes the bodies of shippers' protocols. A body that comes again byte for byte within 10 minutes is a resend: it counts once.</summary>
/// <remarks>
/// Shippers resend whole batches after a lost answer, without any key. Where every record of a body has a time of its own, an equal
/// body is that resend; where one has none (<see cref="BatchParse.IsUndated"/>), it may be new events, and is taken.
/// </remarks>
internal sealed class ShipperIntake(RecordIntake records)
{
    /// <param name="body">Inflated.</param>
    /// <param name="scope">What else makes two requests different: protocol, path, and parameters that change the records.</param>
    /// <param name="answer">Makes the answer in the protocol's words, when all that was taken is durable. All of a resend counts as duplicates.</param>
    /// <returns>The answer, or the problem: 400 and 413 for good, 503 to come again; the endpoint says it in the protocol's words.</returns>
    public Task<(T? Answer, Problem? Problem)> TakeAsync<T>(ReadOnlyMemory<byte> body, string scope, IBodyDecoder decoder, Func<Intake, T> answer)
        where T : class
    {
        var name = BodyName.Of(body.Span, scope);
        return records.TakeAsync(body, decoder, RecordIntake.RefuseBroken, answer, intake => intake.Parse.IsUndated || intake.Parse.HasForbidden ? null : name.ToNote(), name);
    }
}
