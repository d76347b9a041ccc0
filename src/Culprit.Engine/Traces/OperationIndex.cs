using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Culprit.Engine.Records;

namespace Culprit.Engine.Traces;

/// <summary>Small numbers for services, operations, edges and events, so that traces can be kept by the thousand.</summary>
/// <remarks>Bounded; what finds no room becomes part of the service's nameless operation, or is not counted as an event.</remarks>
internal sealed class OperationIndex
{
    internal const int MaxNames = 20_000;
    internal const int MaxOperations = 8_192;
    internal const int MaxEventsOfOperation = 64;
    internal const int MaxEdges = 8_192;

    private readonly List<string> _names = [];
    private readonly Dictionary<string, int> _nameIds = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Service, ulong Statement), int> _lines = [];
    private readonly List<OperationKey> _operations = [];
    private readonly Dictionary<OperationKey, int> _operationIds = [];
    private readonly List<int> _eventsOf = [];
    private readonly List<EventKey> _events = [];
    private readonly Dictionary<EventKey, int> _eventIds = [];
    private readonly List<(int Caller, int Callee)> _edges = [];
    private readonly Dictionary<(int, int), int> _edgeIds = [];

    public OperationIndex() => Name(string.Empty);

    public IReadOnlyList<string> Names => _names;

    public IReadOnlyList<OperationKey> Operations => _operations;

    public IReadOnlyList<EventKey> Events => _events;

    public IReadOnlyList<(int Caller, int Callee)> Edges => _edges;

    /// <summary>Name ids of statements, by service and place, or by pattern alone.</summary>
    internal IReadOnlyDictionary<(int Service, ulong Statement), int> Lines => _lines;

    /// <summary>What found no room so far.</summary>
    public long Dropped { get; private set; }

    /// <summary>Id of a name; that of the empty name when there is no room.</summary>
    public int Name(string name)
    {
        if (_nameIds.TryGetValue(name, out var id))
        {
            return id;
        }

        if (_names.Count >= MaxNames)
        {
            Dropped++;
            return 0;
        }

        _nameIds.Add(name, _names.Count);
        _names.Add(name);
        return _names.Count - 1;
    }

    /// <summary>Name id of a statement: its place in the code where lines tell, else the pattern that it logs.</summary>
    /// <param name="service">Name id.</param>
    public int Line(int service, PatternId pattern, ReadOnlySpan<byte> position)
    {
        var key = position.IsEmpty ? (-1, pattern.Value) : (service, XxHash3.HashToUInt64(position));
        if (!_lines.TryGetValue(key, out var id))
        {
            id = Name($"{pattern} {Encoding.UTF8.GetString(position)}");
            Restore(key, id);
        }

        return id;
    }

    internal void Restore((int Service, ulong Statement) key, int name)
    {
        if (_lines.Count < MaxNames)
        {
            _lines.TryAdd(key, name);
        }
    }

    /// <summary>The pattern of a statement; one of them, when it logs several.</summary>
    public PatternId PatternOf(int line) => _names[line].Length >= 16 && PatternId.TryParse(_names[line][..16], out var pattern) ? pattern : default;

    /// <summary>The place in the code of a statement; empty when its lines do not tell.</summary>
    public string PositionOf(int line) => _names[line].Length > 17 ? _names[line][17..] : string.Empty;

    /// <summary>Id of an operation; that of the service's nameless operation when there is no room; -1 without even that.</summary>
    public int Operation(OperationKey key)
    {
        if (_operationIds.TryGetValue(key, out var id))
        {
            return id;
        }

        var nameless = new OperationKey(key.Service, 0, 0);
        if (_operations.Count >= MaxOperations && key != nameless)
        {
            Dropped++;
            return Operation(nameless);
        }

        if (_operations.Count >= 2 * MaxOperations)
        {
            Dropped++;
            return -1;
        }

        _operationIds.Add(key, _operations.Count);
        _operations.Add(key);
        _eventsOf.Add(0);
        return _operations.Count - 1;
    }

    /// <summary>Id of an event; -1 when its operation has too many already.</summary>
    public int Event(EventKey key)
    {
        if (_eventIds.TryGetValue(key, out var id))
        {
            return id;
        }

        ref var count = ref CollectionsMarshal.AsSpan(_eventsOf)[key.Operation];
        if (count >= MaxEventsOfOperation)
        {
            Dropped++;
            return -1;
        }

        count++;
        _eventIds.Add(key, _events.Count);
        _events.Add(key);
        return _events.Count - 1;
    }

    /// <summary>The event if it was ever seen; else -1.</summary>
    public int Find(EventKey key) => _eventIds.GetValueOrDefault(key, -1);

    public int Edge(int caller, int callee)
    {
        if (_edgeIds.TryGetValue((caller, callee), out var id))
        {
            return id;
        }

        if (_edges.Count >= MaxEdges)
        {
            Dropped++;
            return -1;
        }

        _edgeIds.Add((caller, callee), _edges.Count);
        _edges.Add((caller, callee));
        return _edges.Count - 1;
    }

    public string ServiceOf(int operation) => _names[_operations[operation].Service];
}

/// <summary>An operation: what runs, in which service, on behalf of which entry of that service.</summary>
/// <remarks>The entry matters: one method serves two endpoints, and what is usual differs between them.</remarks>
/// <param name="Service">Name id.</param>
/// <param name="Entry">Name id of the operation by which the service was entered.</param>
/// <param name="Name">Name id of the operation.</param>
internal readonly record struct OperationKey(int Service, int Entry, int Name);

/// <summary>Something that happens in an operation.</summary>
/// <param name="Value">The statement of a line; service and operation of a call; 0 for an error status.</param>
/// <param name="Level">Of a line; else 0.</param>
internal readonly record struct EventKey(int Operation, TraceEventKind Kind, byte Level, ulong Value);

/// <summary>The kinds of things that happen in an operation.</summary>
internal enum TraceEventKind : byte
{
    Line = 0,
    Call = 1,
    Error = 2,
}
