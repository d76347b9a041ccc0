using Culprit.Engine.Correlation;
using Culprit.Engine.Detection;
using Culprit.Tests.Support;

namespace Culprit.Tests.Correlation;

public class IncidentCorrelatorTests
{
    private readonly IncidentCorrelator _correlator = new(TimeSpan.FromMinutes(5));

    /// <summary>What is wrong already, and who does less: does it stand by itself, support, or tell nothing?</summary>
    [Theory]
    [InlineData("", "worker", false)]
    [InlineData("orders", "orders", true)]      // of a service that is known to fail
    [InlineData("orders", "worker", null)]      // others do less because something fails
    [InlineData("less:orders", "worker", false)]
    public void WhoDoesLessYieldsToWhatFails(string open, string service, bool? isSupporting)
    {
        if (open.Length > 0)
        {
            var first = SomeAnomalies.Anomaly(open.Replace("less:", "", StringComparison.Ordinal), AnomalyType.ErrorSpike, 0);
            Add(first with { YieldsToOthers = open.StartsWith("less:", StringComparison.Ordinal) });
        }

        var admitted = _correlator.Admit(SomeAnomalies.Anomaly(service, AnomalyType.Unknown, 30) with { YieldsToOthers = true });

        Assert.Equal(isSupporting, admitted?.IsSupporting);
    }

    private void Add(Anomaly anomaly) =>
        _correlator.Add(anomaly, new Dictionary<string, ServiceHistory>(), SomeAnomalies.Graph("web>orders"), Some.At(5));
}
