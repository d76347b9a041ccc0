using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Storage;
using Culprit.Server.Alerting.Delivery;
using Culprit.Server.Http;
using Culprit.Server.Journal;

namespace Culprit.Server.DeadLetters;

/// <summary>Tries dead letters again: events go through the journal once more, alerts back into the outbox.</summary>
internal sealed class DeadLetterDesk(IDeadLetterStore letters, IRecordStore records, IJournal journal, AlertSignal alerts, TimeProvider clock)
    : IDisposable
{
    // One at a time: two people who press the same button must not have an event analysed twice.
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Kinds that can be tried again.</summary>
    public static bool IsRetriable(DeadLetter letter) => letter.Kind is DeadLetterKinds.Engine or DeadLetterKinds.Alert;

    /// <summary>Null when it was done; the letter is gone then.</summary>
    public async Task<Problem?> RetryAsync(string id, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await letters.FindByIdAsync(id, cancellationToken).ConfigureAwait(false) is not { } letter
                ? NotThere(id)
                : letter.Kind switch
                {
                    DeadLetterKinds.Engine => await RetryRecordAsync(letter, cancellationToken).ConfigureAwait(false),
                    DeadLetterKinds.Alert => await RetryAlertAsync(letter, cancellationToken).ConfigureAwait(false),
                    _ => NotRetriable($"A letter of kind {letter.Kind} cannot be tried again here: mend the cause, send the event again, then drop the letter."),
                };
        }
        finally
        {
            _turn.Release();
        }
    }

    public static Problem NotThere(string id) => Problem.NotFound($"There is no dead letter {Engine.Ingestion.JsonText.Echo(id)}.");

    public void Dispose() => _turn.Dispose();

    private static Problem NotRetriable(string detail) => new(StatusCodes.Status409Conflict, "not_retriable", detail);

    private async Task<Problem?> RetryAlertAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        if (!IsWhole(letter.Raw))
        {
            return NotRetriable("The alert was longer than a dead letter keeps.");
        }

        if (!await letters.RetryAlertAsync(letter, cancellationToken).ConfigureAwait(false))
        {
            return NotRetriable("The alert is no longer known: it is past its retention.");
        }

        alerts.Wake();
        return null;
    }

    private async Task<Problem?> RetryRecordAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        var id = letter.EventId!;
        var stored = RecordId.TryParse(id, out var journalId, out var sequence) && journalId == journal.Id
            ? await records.FindBySequenceAsync(sequence, cancellationToken).ConfigureAwait(false)
            : await records.FindByIdAsync(id, cancellationToken).ConfigureAwait(false);
        if (stored is null)
        {
            return NotRetriable("The record is no longer stored: it is past its retention.");
        }

        // From here on to its end: a batch that is durable must not leave its letter behind.
        var appended = await journal.AppendAsync(ToBatch(stored, id), CancellationToken.None).ConfigureAwait(false);
        if (!appended.Accepted)
        {
            return new Problem(503, "overloaded", appended.Refusal!) { RetryAfter = appended.RetryAfter };
        }

        await letters.DropAsync(letter.Id, CancellationToken.None).ConfigureAwait(false);
        return null;
    }

    /// <summary>The record as it was, for the engine alone, and under the id by which its first entry is found.</summary>
    private RecordBatch ToBatch(StoredRecord stored, string id)
    {
        var writer = new RecordBatchWriter();
        RecordCopy.Write(writer, stored, id, stored.Flags | RecordFlags.Retried);
        return writer.ToBatch(UnixNanos.From(clock.GetUtcNow()));
    }

    private static bool IsWhole(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var _ = JsonDocument.Parse(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
