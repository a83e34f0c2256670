namespace VizPipeline.Web.Data;

/// <summary>What someone asks for makes no sense. The message names the part that is wrong and says what is possible.</summary>
public sealed class QueryException(string message) : Exception(message);
