using Culprit.Engine.Records;

namespace Culprit.Engine.Flows;

/// <summary>A step of a flow: one pattern of one service.</summary>
internal readonly record struct FlowStep(string Service, PatternId Pattern);
