namespace VizPipeline.Atlas.Web.Data;

/// <summary>A query is invalid. The message names the wrong part and the allowed values.</summary>
public sealed class QueryException(string message) : Exception(message);
