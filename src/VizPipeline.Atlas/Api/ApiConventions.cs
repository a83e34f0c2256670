using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using VizPipeline.Atlas.Export;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Api;

/// <summary>Conventions of all API endpoints: errors as problem+json, and descriptions for openapi.json.</summary>
internal static partial class ApiConventions
{
    /// <summary>Reports every error of a request, including unknown parameters, as one line.</summary>
    public static RouteGroupBuilder ExplainErrors(this RouteGroupBuilder group)
    {
        group.AddEndpointFilterFactory((endpoint, next) =>
        {
            // A misspelled parameter would silently filter nothing.
            string[] known = [.. endpoint.MethodInfo.GetParameters().Select(parameter => parameter.Name!)];
            return async context =>
            {
                if (context.HttpContext.Request.Query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
                    return Bad($"this endpoint has no parameter '{Format.Excerpt(unknown)}'; see /reference");
                // No name contains a NUL, and PostgreSQL refuses it in text.
                if (context.HttpContext.Request.Query.Any(
                    pair => pair.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) == true)))
                    return Bad("a parameter contains a NUL character");
                try
                {
                    return await next(context);
                }
                catch (QueryException wrong)
                {
                    return Bad(wrong.Message);
                }
                catch (LiveRefusedException refused)
                {
                    return refused.IsOutage
                        ? Results.Problem(
                            refused.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Service unavailable")
                            : Bad(refused.Message);
                }
                catch (NotFoundException missing)
                {
                    return Results.Problem(missing.Message, statusCode: StatusCodes.Status404NotFound, title: "Not found");
                }
                catch (Exception failure) when (failure is ObjectStoreException or CatalogUnusableException or CorruptTableException)
                {
                    return Results.Problem(
                        failure.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Service unavailable");
                }
            };
        });
        return group;
    }

    /// <summary>Reports values that cannot be bound, such as limit=many. Must come before all endpoints.</summary>
    public static IApplicationBuilder UseBindingErrors(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException wrong) when (!context.Response.HasStarted && context.Request.Path.StartsWithSegments("/api"))
        {
            var match = Binding().Match(wrong.Message);
            var text = match.Success
                ? $"{match.Groups[1].Value}: '{match.Groups[2].Value}' has the wrong type; see /reference" : wrong.Message;
            await Results.Problem(text, statusCode: wrong.StatusCode, title: "Bad request").ExecuteAsync(context);
        }
    });

    /// <summary>Describes an endpoint.</summary>
    public static void Describe(this RouteHandlerBuilder endpoint, string tag, string summary) =>
        endpoint.WithTags(tag).WithSummary(summary).ProducesProblem(400).ProducesProblem(404);

    /// <summary>Describes an endpoint that returns a page of a table.</summary>
    public static void Describe<TRow>(this RouteHandlerBuilder endpoint, ExportTable<TRow> table, string tag, string summary)
    {
        endpoint.Describe(tag, summary);
        endpoint.WithDescription(
            $"Returns rows of the table '{table.Name}' as `items`, and the cursor of the next page as `next`, null on the last page.")
            .WithMetadata(new TableColumns(table.Name, [.. table.Columns]));
    }

    private static IResult Bad(string message) =>
        Results.Problem(message, statusCode: StatusCodes.Status400BadRequest, title: "Bad request");

    [GeneratedRegex("Failed to bind parameter \"[^\"]* ([^ \"]+)\" from \"([^\"]{0,80})")]
    private static partial Regex Binding();
}

/// <summary>Endpoint metadata: the columns of the table that the endpoint returns.</summary>
internal sealed record TableColumns(string Table, IReadOnlyList<ExportColumn> Columns);
