using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;
using VizPipeline.Web.Data;
using VizPipeline.Web.Export;

namespace VizPipeline.Web.Api;

/// <summary>What all endpoints of the API have in common: errors as problem+json, and a description for openapi.json.</summary>
internal static partial class ApiConventions
{
    /// <summary>Answers with one clear line whatever is wrong with a request, unknown parameters included.</summary>
    public static RouteGroupBuilder ExplainErrors(this RouteGroupBuilder group)
    {
        group.AddEndpointFilterFactory((endpoint, next) =>
        {
            // A parameter that is misspelled would be a filter that filters nothing.
            string[] known = [.. endpoint.MethodInfo.GetParameters().Select(parameter => parameter.Name!)];
            return async context =>
            {
                if (context.HttpContext.Request.Query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
                    return Bad($"there is no parameter '{(unknown.Length > 80 ? unknown[..80] : unknown)}' here; see /reference");
                // No name has it, and databases take it for the end of a text.
                if (context.HttpContext.Request.Query.Any(pair => pair.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) == true)))
                    return Bad("a parameter has a sign of code 0 in it");
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
                    return refused.IsOutage ? Results.Problem(refused.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Not now") : Bad(refused.Message);
                }
                catch (NotFoundException missing)
                {
                    return Results.Problem(missing.Message, statusCode: StatusCodes.Status404NotFound, title: "Not found");
                }
                catch (Exception failure) when (failure is ObjectStoreException or CatalogUnusableException or CorruptTableException)
                {
                    return Results.Problem(failure.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Not now");
                }
            };
        });
        return group;
    }

    /// <summary>Tells of a value that cannot be bound, such as limit=many; before all endpoints.</summary>
    public static IApplicationBuilder UseBindingErrors(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException wrong) when (!context.Response.HasStarted && context.Request.Path.StartsWithSegments("/api"))
        {
            var match = Binding().Match(wrong.Message);
            var text = match.Success ? $"{match.Groups[1].Value}: '{match.Groups[2].Value}' is not of its kind; see /reference" : wrong.Message;
            await Results.Problem(text, statusCode: wrong.StatusCode, title: "Bad request").ExecuteAsync(context);
        }
    });

    /// <summary>Describes an endpoint.</summary>
    public static void Describe(this RouteHandlerBuilder endpoint, string tag, string summary) => endpoint.WithTags(tag).WithSummary(summary).ProducesProblem(400).ProducesProblem(404);

    /// <summary>Describes an endpoint that answers with a page of a table.</summary>
    public static void Describe<TRow>(this RouteHandlerBuilder endpoint, ExportTable<TRow> table, string tag, string summary)
    {
        endpoint.Describe(tag, summary);
        endpoint.WithDescription($"Rows of the table '{table.Name}' as `items`, and `next`, the cursor of the page behind, or null.").WithMetadata(new TableColumns(table.Name, [.. table.Columns]));
    }

    private static IResult Bad(string message) => Results.Problem(message, statusCode: StatusCodes.Status400BadRequest, title: "Bad request");

    [GeneratedRegex("Failed to bind parameter \"[^\"]* ([^ \"]+)\" from \"([^\"]{0,80})")]
    private static partial Regex Binding();
}

/// <summary>On an endpoint: the columns of the table that it answers with.</summary>
internal sealed record TableColumns(string Table, IReadOnlyList<ExportColumn> Columns);
