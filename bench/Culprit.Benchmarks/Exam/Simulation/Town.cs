using Culprit.Benchmarks.Exam.Text;
using Culprit.Benchmarks.Exam.World;

namespace Culprit.Benchmarks.Exam.Simulation;

/// <summary>The state of all services and resources, and the pen with which they write.</summary>
internal sealed class Town
{
    private readonly Dictionary<ServiceNode, ServiceState> _services;
    private readonly Dictionary<ResourceNode, ResourceState> _resources;

    public Town(ExamWorld world, Dice dice, TelemetryPen pen)
    {
        World = world;
        Pen = pen;
        Dice = dice.Fork("calls");
        _services = world.Services.ToDictionary(s => s, s => new ServiceState(s, dice.Fork(s.Name)));
        _resources = world.Resources.ToDictionary(r => r, r => new ResourceState(r, PeakRate(world, r)));
    }

    public ExamWorld World { get; }

    public TelemetryPen Pen { get; }

    public Dice Dice { get; }

    public IEnumerable<ServiceState> Services => World.Services.Select(s => _services[s]);

    public ServiceState this[ServiceNode service] => _services[service];

    public ResourceState this[ResourceNode resource] => _resources[resource];

    /// <summary>A line of a service about nothing in particular, from one of its hosts.</summary>
    public void Say(double at, ServiceNode service, string host, string level, string part, string text) =>
        Pen.Log(at, service, host, level, Wording.Line(service, part, text, string.Empty));

    /// <summary>A line of a service about a request, which carries the request's id in the service's way.</summary>
    public void Say(double at, ServiceNode service, string host, string level, string part, string text, Trace trace, string spanId)
    {
        var id = service.Ids switch
        {
            IdStyle.InMessage => "trace_id=" + trace.Id,
            IdStyle.RequestId => "request_id=" + trace.RequestId,
            _ => string.Empty,
        };
        var hasFields = service.Ids == IdStyle.Fields;
        Pen.Log(at, service, host, level, Wording.Line(service, part, text, id), hasFields ? trace.Id : null, hasFields ? spanId : null);
    }

    private static double PeakRate(ExamWorld world, ResourceNode resource) =>
        world.Services.SelectMany(s => s.Operations).Sum(o => o.Steps.Sum(step => o.PeakRate * step switch
        {
            ResourceStep call when call.Resource == resource => call.Probability,
            CacheStep cache when cache.Cache == resource => cache.Probability,
            CacheStep cache when cache.Store == resource => cache.Probability * (1 - cache.HitShare) * ResourceCalls.MissWeight,
            _ => 0,
        }));
}
