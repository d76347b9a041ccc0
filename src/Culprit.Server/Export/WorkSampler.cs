using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Culprit.Server.Export;

/// <summary>Traces a share of what comes often (requests, engine steps) and all of what is rare (explanations, deliveries, investigations).</summary>
internal sealed class WorkSampler(double share) : Sampler
{
    private readonly TraceIdRatioBasedSampler _often = new(share);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.Kind == ActivityKind.Server || samplingParameters.Name is Tracing.EngineBatch or Tracing.EngineTick
            ? _often.ShouldSample(samplingParameters)
            : new SamplingResult(SamplingDecision.RecordAndSample);
}
