using System.Diagnostics.Metrics;

namespace Culprit.Server.Export;

/// <summary>The meter that carries the instruments of every feature.</summary>
internal sealed class CulpritMeter
{
    public const string Name = "Culprit";

    public CulpritMeter(IMeterFactory factory, IEnumerable<IMetricSource> sources)
    {
        Meter = factory.Create(Name);
        foreach (var source in sources)
        {
            source.Register(Meter);
        }
    }

    /// <summary>Owned by the factory, which ends it with the host.</summary>
    public Meter Meter { get; }
}
