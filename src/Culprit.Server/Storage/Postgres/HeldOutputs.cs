using System.Text;
using Culprit.Engine.Storage;

namespace Culprit.Server.Storage.Postgres;

/// <summary>What the engine made while the database was away, and the alerts in it, in memory. Not thread-safe.</summary>
/// <remarks>A crash forgets it; the journal makes it again, under the same ids.</remarks>
internal sealed class HeldOutputs
{
    private const int MaxOutputs = 10_000;
    private const long MaxBytes = 16 * 1024 * 1024;

    private static readonly byte[] Firing = Encoding.ASCII.GetBytes("\"alert.firing\"");

    private readonly Queue<EngineOutput> _outputs = new();
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly List<HeldAlert> _alerts = [];
    private long _bytes;

    public bool IsEmpty => _outputs.Count == 0;

    public bool IsFull => _outputs.Count >= MaxOutputs || _bytes >= MaxBytes;

    public EngineOutput First => _outputs.Peek();

    /// <summary>Holds an output; the events in it that are new among those held.</summary>
    public IReadOnlyList<DerivedEvent> Add(EngineOutput output)
    {
        _outputs.Enqueue(output);
        _bytes += BytesOf(output);
        var known = _alerts.Select(a => a.Item.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var item in output.Outbox.Where(i => !known.Contains(i.Id)))
        {
            var told = _alerts.Where(a => !item.IsForItsSinkOnly && a.Item.IncidentId == item.IncidentId && a.Item.Id != item.Id).Select(a => a.Item.Sink);
            foreach (var sink in told.Prepend(item.Sink).Distinct(StringComparer.Ordinal).ToList())
            {
                if (Find(item.Id, sink) is null)
                {
                    _alerts.Add(new HeldAlert(item with { Sink = sink }, output));
                }
            }
        }

        return [.. output.Events.Where(e => _ids.Add(e.Id))];
    }

    /// <summary>Forgets the first output: the database has it. Call after its deliveries were written down.</summary>
    public void RemoveFirst()
    {
        var output = _outputs.Dequeue();
        _bytes -= BytesOf(output);
        _alerts.RemoveAll(a => ReferenceEquals(a.Output, output));
        foreach (var e in output.Events)
        {
            _ids.Remove(e.Id);
        }
    }

    /// <summary>Alerts of the first output that sinks have taken.</summary>
    public IReadOnlyList<HeldAlert> DeliveredOfFirst() => [.. _alerts.Where(a => a.IsDelivered && ReferenceEquals(a.Output, First))];

    public HeldAlert? Find(string id, string sink) => _alerts.Find(a => a.Item.Id == id && a.Item.Sink == sink);

    /// <summary>The sink's oldest undelivered alerts, one per incident.</summary>
    /// <remarks>Only of incidents that began meanwhile: of the others an earlier alert may still wait in the database.</remarks>
    public IEnumerable<HeldAlert> Heads(string sink) => _alerts
        .Where(a => a.Item.Sink == sink)
        .GroupBy(a => a.Item.IncidentId, StringComparer.Ordinal)
        .Where(i => i.First().Item.Json.Span.IndexOf(Firing) >= 0)
        .Select(i => i.FirstOrDefault(a => !a.IsDelivered))
        .OfType<HeldAlert>();

    private static long BytesOf(EngineOutput output) =>
        256 + output.Events.Sum(e => (long)e.Json.Length) + output.Outbox.Sum(i => (long)i.Json.Length);
}

/// <summary>One alert on its way to one sink while the database is away.</summary>
internal sealed class HeldAlert(OutboxItem item, EngineOutput output)
{
    public OutboxItem Item { get; set; } = item;

    public EngineOutput Output => output;

    public DateTimeOffset DueAt { get; set; } = DateTimeOffset.MinValue;

    public DateTimeOffset? DeliveredAt { get; set; }

    public bool IsDelivered => DeliveredAt is not null;
}
