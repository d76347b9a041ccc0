using Culprit.Engine.Storage;

namespace Culprit.Server.Alerting.Sinks;

/// <summary>What sinks are given to do their work with.</summary>
/// <param name="Threads">For receivers that name their messages themselves.</param>
internal sealed record SinkContext(INetwork Network, TimeProvider Clock, IAlertThreadStore Threads);
