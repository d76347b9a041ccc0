using System.Globalization;
using System.Text;
using Culprit.Engine.Admission;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Records;
using Culprit.Server.Access;
using Xunit;

namespace Culprit.Tests.Access;

public sealed class KeyGateTests
{
    private const int Sent = 20_000;

    private readonly RecordBatchWriter _writer = new();
    private readonly BatchParse _parse = new() { Total = Sent };

    [Fact]
    public void WhatAKeySamplesStandsForAllAndIsNotSampledAgain()
    {
        Write("shop", "production");

        var left = KeyGate.Sift(Of(new KeyRequest("k", ["ingest"]) { Sample = 0.1 }), _writer, _parse);
        var leftByRule = _writer.Sift(new AdmissionGate([new AdmissionRule(null, 2, 0.5)]));

        var batch = _writer.ToBatch(0);
        var weights = Enumerable.Range(0, batch.Count).Sum(i => (long)batch[i].Weight);
        Assert.Equal(Sent, batch.Count + left);
        Assert.Equal(0, leftByRule);
        Assert.InRange(weights, Sent * 0.92, Sent * 1.08);
        Assert.All(Enumerable.Range(0, batch.Count), i => Assert.Equal(2, batch[i].Mark.RetentionClass));
    }

    [Theory]
    [InlineData("shop", "production", 0, 0)]
    [InlineData("shop", "staging", Sent, 0)]
    [InlineData("ledger", "production", Sent, 0)]
    public void WhatAKeyMayNotWriteIsRefused(string service, string environment, int refused, int left)
    {
        Write(service, environment);

        var leftOut = KeyGate.Sift(Of(new KeyRequest("k", ["ingest"]) { Environments = ["production"], Services = ["sh*"] }), _writer, _parse);

        Assert.Equal(left, leftOut);
        Assert.Equal(refused, _parse.Rejected.Count);
        Assert.Equal(Sent - refused, _writer.Count);
    }

    [Fact]
    public void NobodyAndAKeyWithoutTermsLeaveEverythingAsItIs()
    {
        Write("shop", "production");

        Assert.Equal(0, KeyGate.Sift(null, _writer, _parse) + KeyGate.Sift(Caller.Local, _writer, _parse) + KeyGate.Sift(Of(new KeyRequest("k", ["ingest"])), _writer, _parse));
        Assert.Equal(Sent, _writer.Count);
    }

    private static Caller Of(KeyRequest request) => new(request.Make(DateTimeOffset.UnixEpoch).Key);

    private void Write(string service, string environment)
    {
        for (var i = 0; i < Sent; i++)
        {
            _writer.Begin();
            _writer.Set(LogRecord.ServiceField, Encoding.UTF8.GetBytes(service));
            _writer.Set(LogRecord.EnvironmentField, Encoding.UTF8.GetBytes(environment));
            _writer.Set(LogRecord.BodyField, Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture)));
            _writer.Commit(i, EventKind.Log, Severity.Info, RecordFlags.None);
        }
    }
}
