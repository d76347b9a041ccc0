using Culprit.Engine.Evaluation;

namespace Culprit.Server.Evaluation;

/// <summary>A labelled incident and where its telemetry lies.</summary>
internal sealed record EvalCase(LabelledCase Label, string Folder);
