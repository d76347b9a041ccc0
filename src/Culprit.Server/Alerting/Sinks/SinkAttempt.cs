using Culprit.Engine.Alerting;
using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>One attempt to deliver an alert that ends in time and in an answer, whatever the sink's code does.</summary>
internal static class SinkAttempt
{
    /// <summary>Sinks end theirs sooner; this frees whoever waits from one that does not.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <param name="threw">Hears of what the sink threw.</param>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public static async Task<DeliveryResult> MakeAsync(
        IAlertSink sink, OutboxItem alert, TimeProvider clock, Action<Exception>? threw, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Longest, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await sink.DeliverAsync(alert, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new(DeliveryOutcome.Retryable, $"no result within {Longest.TotalSeconds:0} s");
        }
        catch (Exception e)
        {
            // The outermost place of a sink's code: whatever it throws is a failed attempt.
            threw?.Invoke(e);
            return new(DeliveryOutcome.Retryable, $"the sink failed: {e.GetType().Name}");
        }
    }
}
