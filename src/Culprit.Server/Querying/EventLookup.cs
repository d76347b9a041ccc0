using System.Text.Json;
using Culprit.Engine.Records;
using Culprit.Engine.Rules;
using Culprit.Engine.Storage;
using Culprit.Server.Journal;

namespace Culprit.Server.Querying;

/// <summary>One event as on the wire, with what leads to its causes.</summary>
/// <param name="Causes">Ids of the events it follows from, nearest first.</param>
internal sealed record FoundEvent(string Id, ReadOnlyMemory<byte> Json, IReadOnlyList<string> Causes);

/// <summary>Finds events by id, in whichever store they are, and follows their lineage.</summary>
internal sealed class EventLookup(IJournal journal, IRecordStore records, IStateStore state, EventJsonWriter writer)
{
    /// <summary>Events of one chain; an anomaly of a storm names more errors than anyone reads.</summary>
    public const int MaxChain = 200;

    /// <summary>The event with that id, or null.</summary>
    public async Task<FoundEvent?> FindAsync(string id, CancellationToken cancellationToken)
    {
        // Our own ids come first: a sender who names an event like one of ours must not hide it.
        if (await FindOwnAsync(id, cancellationToken).ConfigureAwait(false) is { } own)
        {
            return Found(id, own);
        }

        if (await state.FindByIdAsync(id, cancellationToken).ConfigureAwait(false) is { } derived)
        {
            return new FoundEvent(id, derived.Json, CausesOf(derived));
        }

        if (await records.FindByIdAsync(id, cancellationToken).ConfigureAwait(false) is { } named)
        {
            return Found(id, named);
        }

        if (!id.EndsWith(RecordId.ErrorSuffix, StringComparison.Ordinal))
        {
            return null;
        }

        var recordId = id[..^RecordId.ErrorSuffix.Length];
        var record = await FindOwnAsync(recordId, cancellationToken).ConfigureAwait(false)
            ?? await records.FindByIdAsync(recordId, cancellationToken).ConfigureAwait(false);
        return record is { Kind: EventKind.Log } error && error.Severity.IsError()
            ? new FoundEvent(id, writer.ToBytes(error, asError: true), [recordId])
            : null;
    }

    /// <summary>The event and everything it follows from, effect first; null when there is no such event.</summary>
    public async Task<IReadOnlyList<FoundEvent>?> FindChainAsync(string id, CancellationToken cancellationToken)
    {
        var chain = new List<FoundEvent>();
        var seen = new HashSet<string>(StringComparer.Ordinal) { id };
        var open = new Queue<string>([id]);
        while (chain.Count < MaxChain && open.TryDequeue(out var next))
        {
            if (await FindAsync(next, cancellationToken).ConfigureAwait(false) is not { } found)
            {
                continue;
            }

            chain.Add(found);
            foreach (var cause in found.Causes)
            {
                // A cause may be past its retention, so more are queued than shown; but not without end.
                if (seen.Count < 2 * MaxChain && seen.Add(cause))
                {
                    open.Enqueue(cause);
                }
            }
        }

        return chain.Count == 0 ? null : chain;
    }

    private FoundEvent Found(string id, StoredRecord record) =>
        new(id, writer.ToBytes(record, asError: false), record.CausationId is null ? [] : [record.CausationId]);

    /// <summary>The record that the journal named, or null.</summary>
    private async Task<StoredRecord?> FindOwnAsync(string id, CancellationToken cancellationToken) =>
        RecordId.TryParse(id, out var journalId, out var sequence) && journalId == journal.Id
            && await records.FindBySequenceAsync(sequence, cancellationToken).ConfigureAwait(false) is { Id: null } record
            ? record
            : null;

    /// <summary>The causation id, then the errors that an anomaly lists as its evidence, or the events that a rule counted.</summary>
    private static List<string> CausesOf(DerivedEvent derived)
    {
        var causes = new List<string>();
        if (derived.CausationId is not null)
        {
            causes.Add(derived.CausationId);
        }

        var reader = new Utf8JsonReader(derived.Json.Span);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isErrors = reader.ValueTextEquals("error_ids"u8)
                || (derived.Type == RuleFiring.EventType && reader.ValueTextEquals("event_ids"u8));
            reader.Read();
            if (!isErrors || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } error)
                {
                    causes.Add(error);
                }

                reader.Skip();
            }
        }

        return causes;
    }
}
