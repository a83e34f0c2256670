using System.Net;
using System.Xml;
using System.Xml.Linq;

namespace VizPipeline.ObjectStore;

/// <summary>An error response of a server.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="code">The S3 error code, e.g. <c>NoSuchKey</c>; null if the response is not S3's, such as a proxy's error page.</param>
internal sealed class S3ErrorException(HttpStatusCode status, string? code) : Exception(
    $"the server answers {(int)status} {code ?? status.ToString()}")
{
    public string? Code { get; } = code;

    /// <summary>
    /// Whether the server rather than the request is at fault. If the server has forgotten the parts of an upload, the upload restarts.
    /// </summary>
    public bool IsTransient { get; } = code is null or "NoSuchUpload" or "OperationAborted" or "RequestTimeout"
        || (int)status is >= 500 or 429;
}

/// <summary>
/// Intercepts errors before the client sees them: it loses the code of a response without a message, and fails on a response without a
/// body.
/// </summary>
internal sealed class S3Errors(string bucket, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode < HttpStatusCode.MultipleChoices)
        {
            // The client asks for a part with HEAD first, and takes a server's correct answer to that for an error.
            if (response.StatusCode == HttpStatusCode.PartialContent)
                response.StatusCode = HttpStatusCode.OK;
            return response;
        }
        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new S3ErrorException(response.StatusCode, body.Length > 0 ? CodeIn(body) : CodeOf(
                response.StatusCode, request.RequestUri!.AbsolutePath.Trim('/')));
        }
    }

    private static string? CodeIn(string body)
    {
        try
        {
            return XDocument.Parse(body).Root is { Name.LocalName: "Error" } error
                ? error.Elements().FirstOrDefault(element => element.Name.LocalName == "Code")?.Value
                : null;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    // Responses to HEAD have no body.
    private string? CodeOf(HttpStatusCode status, string path) => status switch
    {
        HttpStatusCode.NotFound => path == bucket || path.Length == 0 ? "NoSuchBucket" : "NoSuchKey",
        HttpStatusCode.Forbidden => "AccessDenied",
        _ => null,
    };
}
