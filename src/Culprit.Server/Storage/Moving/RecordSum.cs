using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Moving;

/// <summary>A sum over records that does not depend on their order: equal for two stores that hold the same.</summary>
internal sealed class RecordSum
{
    private readonly XxHash3 _hash = new();

    public long Count { get; private set; }

    public ulong Sum { get; private set; }

    public void Add(StoredRecord record)
    {
        Append(record.Sequence);
        Append(record.TimestampNanos);
        Append(((long)record.Kind << 32) | ((long)record.Severity << 16) | (long)record.Flags);
        Append(record.Weight);
        Append(unchecked((long)record.Pattern.Value));
        Append(record.DuplicateOf);
        foreach (var text in (string?[])
        [
            record.Type, record.Service, record.Environment, record.Source, record.Body, record.Attributes,
            record.Id, record.TraceId, record.SpanId, record.CorrelationId, record.CausationId,
        ])
        {
            Append(text?.Length ?? -1);
            _hash.Append(Encoding.UTF8.GetBytes(text ?? string.Empty));
        }

        Count++;
        Sum = unchecked(Sum + _hash.GetCurrentHashAsUInt64());
        _hash.Reset();
    }

    public override string ToString() => $"{Count} records, sum {Sum:x16}";

    private void Append(long value) => _hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in value)));
}
