using System.Text.Json.Nodes;
using Culprit.Engine.Ingestion;
using Culprit.Engine.Ingestion.Splunk;
using Culprit.Server.Http;

namespace Culprit.Server.Ingestion.Splunk;

/// <summary>Splunk's codes and their texts.</summary>
internal static class HecAnswer
{
    /// <param name="ackId">Given where the request has a channel.</param>
    public static IResult Success(long? ackId) => new JsonAnswer(
        StatusCodes.Status200OK,
        ackId is { } id ? System.Text.Encoding.UTF8.GetBytes($"{{\"text\":\"Success\",\"code\":0,\"ackId\":{id}}}") : "{\"text\":\"Success\",\"code\":0}"u8.ToArray());

    public static IResult NoChannel() => Of(new Problem(400, "no_channel", "Data channel is missing"), 10);

    public static IResult Of(Problem problem, HecFault fault, int faultyEvent)
    {
        if (fault != HecFault.None && problem.Status == StatusCodes.Status400BadRequest)
        {
            var text = fault switch
            {
                HecFault.EventFieldRequired => "Event field is required",
                HecFault.EventFieldBlank => "Event field cannot be blank",
                _ => "Invalid data format",
            };
            return new JsonProblem(problem, new JsonObject { ["text"] = text, ["code"] = (int)fault, ["invalid-event-number"] = faultyEvent });
        }

        return problem.Code == RejectionCodes.EmptyBody ? Of(problem with { Detail = "No data" }, 5)
            : problem.Status == StatusCodes.Status503ServiceUnavailable ? Of(problem with { Detail = "Server is busy" }, 9)
            : Of(problem, 6);
    }

    private static JsonProblem Of(Problem problem, int code) => new(problem, new JsonObject { ["text"] = problem.Detail, ["code"] = code });
}
