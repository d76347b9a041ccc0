using System.Text.Json;
using Culprit.Engine.Records;
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
        if (await FindRecordAsync(id, cancellationToken).ConfigureAwait(false) is { } record)
        {
            return new FoundEvent(
                id, writer.ToBytes(record, asError: false), record.CausationId is null ? [] : [record.CausationId]);
        }

        if (await state.FindByIdAsync(id, cancellationToken).ConfigureAwait(false) is { } derived)
        {
            return new FoundEvent(id, derived.Json, CausesOf(derived));
        }

        if (!id.EndsWith(RecordId.ErrorSuffix, StringComparison.Ordinal))
        {
            return null;
        }

        var recordId = id[..^RecordId.ErrorSuffix.Length];
        return await FindRecordAsync(recordId, cancellationToken).ConfigureAwait(false) is { Kind: EventKind.Log } error
            && error.Severity.IsError()
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

    private async Task<StoredRecord?> FindRecordAsync(string id, CancellationToken cancellationToken)
    {
        if (RecordId.TryParse(id, out var journalId, out var sequence) && journalId == journal.Id
            && await records.FindBySequenceAsync(sequence, cancellationToken).ConfigureAwait(false) is { Id: null } record)
        {
            return record;
        }

        return await records.FindByIdAsync(id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The causation id, then the errors that an anomaly lists as its evidence.</summary>
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
            var isErrors = reader.ValueTextEquals("error_ids"u8);
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
