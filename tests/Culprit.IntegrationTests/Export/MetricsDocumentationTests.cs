using System.Diagnostics.Metrics;
using Culprit.IntegrationTests.Support;
using Culprit.Server;
using Culprit.Server.Configuration;
using Culprit.Server.Export;
using Microsoft.Extensions.DependencyInjection;

namespace Culprit.IntegrationTests.Export;

/// <summary>The table of metrics against the instruments of a whole server.</summary>
public sealed class MetricsDocumentationTests
{
    [Fact]
    public async Task EveryInstrumentIsDocumentedWithItsTypeAndUnitAndNothingElseIs()
    {
        using var folder = new TempFolder();
        var options = new CulpritOptions { Data = folder.Path, Urls = "http://127.0.0.1:0", Datadog = { ApiKey = "0123456789abcdef" } };
        await using var app = await CulpritServer.BuildAsync(new Settings(options), quiet: true, TestContext.Current.CancellationToken);
        var meter = app.Services.GetRequiredService<CulpritMeter>().Meter;

        var instruments = new List<(string, string, string)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                instruments.Add((instrument.Name, TypeOf(instrument), instrument.Unit ?? ""));
            }
        };
        listener.Start();

        Assert.Equal(
            MetricsPage.Read().Select(m => (m.Name, m.Type, m.Unit)).Order(),
            instruments.Order());
    }

    private static string TypeOf(Instrument instrument) => instrument switch
    {
        ObservableCounter<long> => "counter",
        ObservableGauge<long> or ObservableGauge<int> or ObservableGauge<double> => "gauge",
        _ => instrument.GetType().Name,
    };
}
