using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Coordinator;

/// <summary>The coordinator's HTTP API. API keys are checked before these endpoints, see <c>ApiKeys</c>.</summary>
public static partial class CoordinatorApi
{
    private const long LargestModel = 4L << 30;
    private const long LargestSubmission = 1L << 30;

    /// <summary>Maps the endpoints under <c>/api/v1</c>.</summary>
    public static IEndpointRouteBuilder MapCoordinatorApi(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1").AddEndpointFilter(ExplainAsync);
        api.MapMethods("/models/{file}", ["HEAD"], HasModelAsync);
        api.MapPut("/models/{file}", PutModelAsync);
        api.MapPost("/atlases", SubmitAsync);
        api.MapGet("/atlases", ListAsync);
        api.MapGet("/atlases/{id}", ReportAsync);
        api.MapPost("/atlases/{id}/cancel", async (string id, AtlasPlanner planner, CancellationToken cancellation)
            => Json(new JobsChanged(await planner.CancelAsync(id, cancellation))));
        api.MapPost("/atlases/{id}/retry", async (string id, AtlasPlanner planner, CancellationToken cancellation)
            => Json(new JobsChanged(await planner.RetryAsync(id, cancellation))));
        api.MapGet("/workers", WorkersAsync);
        api.MapTransfers();
        return app;
    }

    // Errors of the caller are explained in one sentence. All others are server errors and go to the log.
    private static async ValueTask<object?> ExplainAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Exception failure) when (failure is InvalidAtlasSpecException or CorruptTableException or ArgumentException)
        {
            return Results.Problem(
                failure.Message.ReplaceLineEndings(" "), statusCode: StatusCodes.Status400BadRequest, title: "Bad request");
        }
        catch (Exception failure) when (failure is AtlasNotFoundException or ObjectNotFoundException)
        {
            return Results.Problem(failure.Message, statusCode: StatusCodes.Status404NotFound, title: "Not found");
        }
        catch (AtlasConflictException failure)
        {
            return Results.Problem(failure.Message, statusCode: StatusCodes.Status409Conflict, title: "Conflict");
        }
        catch (Exception failure) when (failure is ObjectStoreException { IsTransient: true } or CatalogUnusableException)
        {
            return Results.Problem(failure.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "Service unavailable");
        }
    }

    private static async Task<IResult> HasModelAsync(string file, IObjectStore store, CancellationToken cancellation)
        => await store.ExistsAsync(ModelKey(file), cancellation) ? Results.Ok() : Results.NotFound();

    private static async Task<IResult> PutModelAsync(string file, HttpRequest request, IObjectStore store, CancellationToken cancellation)
    {
        var key = ModelKey(file);
        AllowBody(request, LargestModel);
        var temporary = Path.Combine(Path.GetTempPath(), $"viz-model-{Path.GetRandomFileName()}");
        try
        {
            await using (var stream = File.Create(temporary))
                await request.Body.CopyToAsync(stream, cancellation);
            if (await FileHash.Sha256Async(temporary, cancellation) != file[..64])
                throw new ArgumentException($"the content is not that of {file}: its SHA-256 differs");
            await store.PutFileAsync(key, temporary, cancellation);
            return Results.NoContent();
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static async Task<IResult> SubmitAsync(
        HttpRequest request, AtlasPlanner planner, SubmittedImages images, IObjectStore store, CancellationToken cancellation)
    {
        AllowBody(request, LargestSubmission);
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        var submission = VizJson.Read<Submission>(body.GetBuffer().AsSpan(0, (int)body.Length));
        if (submission.Spec.Faults() is { Count: > 0 } faults)
            throw new InvalidAtlasSpecException(faults);
        var dictionaries = submission.Spec.Dictionaries ?? [];
        foreach (var dictionary in dictionaries)
        {
            if (dictionary.Key != AtlasKeys.Model(dictionary.Sha256, ".safetensors"))
                throw new ArgumentException($"the key of dictionary '{dictionary.Name}' must be models/, its SHA-256 and .safetensors");
        }
        string?[] files =
            [submission.Spec.Model.ModelKey, submission.Spec.Model.WeightsKey, .. dictionaries.Select(dictionary => dictionary.Key)];
        foreach (var key in files.OfType<string>())
        {
            if (!key.StartsWith("models/", StringComparison.Ordinal) || !ModelFile().IsMatch(key["models/".Length..]))
                throw new ArgumentException($"'{key}' is not the key of a model");
            if (!await store.ExistsAsync(key, cancellation))
                throw new ArgumentException($"{key} has not been sent: put it to /api/v1/{key} first");
        }
        var (spec, note) = await images.LocateAsync(submission.Spec, submission.Images, cancellation);
        // The atlas keeps its dictionaries, so that it stays whole where it is copied.
        if (dictionaries.Count > 0)
            spec = spec with { Dictionaries = [.. dictionaries.Select(dictionary => dictionary with { Key = null })] };
        var opened = await planner.OpenAsync(
            spec, submission.Images, submission.Priority, stop => CopyDictionariesAsync(store, submission.Spec, stop), cancellation);
        // Like a second `viz run`. Changes nothing if nothing has failed.
        var again = opened.Resumed ? await planner.RetryAsync(opened.Spec.Id, cancellation) : 0;
        return Json(new Submitted(opened.Spec.Id, opened.Resumed, again > 0 ? AtlasState.Running : opened.State, again, note)
        {
            Added = opened.Added,
        });
    }

    private static async Task CopyDictionariesAsync(IObjectStore store, AtlasSpec spec, CancellationToken cancellation)
    {
        foreach (var dictionary in spec.Dictionaries ?? [])
        {
            var target = AtlasKeys.Dictionary(spec.Id, dictionary.Sha256);
            if (await store.ExistsAsync(target, cancellation))
                continue;
            var temporary = Path.Combine(Path.GetTempPath(), $"viz-dictionary-{Path.GetRandomFileName()}");
            try
            {
                await store.GetFileAsync(dictionary.Key!, temporary, cancellation);
                await store.PutFileAsync(target, temporary, cancellation);
            }
            finally
            {
                File.Delete(temporary);
            }
        }
    }

    private static async Task<IResult> ListAsync(CatalogDatabase database, TimeProvider time, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var atlases = await catalog.Atlases.AsNoTracking().OrderByDescending(atlas => atlas.Id).ToListAsync(cancellation);
        var counts = await catalog.Jobs.GroupBy(job => new { job.AtlasId, job.State })
            .Select(jobs => new { jobs.Key.AtlasId, jobs.Key.State, Count = jobs.Count() }).ToListAsync(cancellation);
        var unserved = await catalog.UnservedJobsAsync(time.GetUtcNow().UtcDateTime, cancellation: cancellation);
        return Json(atlases.Select(atlas =>
        {
            int Jobs(params JobState[] states) => counts.Where(count => count.AtlasId == atlas.Id
                && (states.Length == 0 || states.Contains(count.State))).Sum(count => count.Count);
            return new ListedAtlas(
                atlas.Slug, atlas.Name, atlas.State, atlas.Priority, Jobs(), Jobs(JobState.Completed),
                Jobs(JobState.Failed, JobState.Blocked), atlas.CreatedAt)
            { Unserved = [.. unserved[atlas.Id]] };
        }).ToList());
    }

    private static async Task<IResult> ReportAsync(
        string id, CatalogDatabase database, AtlasMonitor monitor, ServiceTroubles troubles, TimeProvider time,
        CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var atlas = await catalog.FindAtlasAsync(id, cancellation) ?? throw new AtlasNotFoundException(database.Place, id);
        var now = time.GetUtcNow().UtcDateTime;
        var alive = now - UnservedJobsQueries.WorkerSilence;
        var unserved = await catalog.UnservedJobsAsync(now, atlas.Id, cancellation);
        return Json(new AtlasStatusResponse(
            await AtlasStatus.ReadAsync(catalog, atlas, cancellation) with { Unserved = [.. unserved[atlas.Id]] },
            await monitor.SnapshotAsync(id, cancellation),
            await catalog.Workers.CountAsync(worker => worker.LastSeenAt > alive, cancellation),
            troubles.Now));
    }

    private static async Task<IResult> WorkersAsync(CatalogDatabase database, TimeProvider time, CancellationToken cancellation)
    {
        await using var catalog = database.Open();
        var now = time.GetUtcNow().UtcDateTime;
        var workers = await catalog.Workers.AsNoTracking().Where(worker => worker.LastSeenAt > now - TimeSpan.FromDays(1))
            .OrderBy(worker => worker.Name).ToListAsync(cancellation);
        return Json(workers.Select(worker => new ListedWorker(
            worker.Name, worker.Host, worker.Device, worker.SoftwareVersion, worker.Kinds,
            worker.LastSeenAt > now - UnservedJobsQueries.WorkerSilence ? worker.State.ToString().ToLowerInvariant() : "gone",
            worker.AtlasSlug, worker.JobId, worker.JobsDone, worker.MemoryBytes, worker.StartedAt, worker.LastSeenAt)).ToList());
    }

    internal static IResult Json<T>(T value) => Results.Bytes(VizJson.Write(value), "application/json");

    private static string ModelKey(string file) => ModelFile().IsMatch(file)
        ? $"models/{file}"
        : throw new ArgumentException(
            $"'{(file.Length > 100 ? file[..100] : file)}' is no model file's name: use its SHA-256 in lower-case hex and its extension");

    internal static void AllowBody(HttpRequest request, long bytes)
    {
        if (request.ContentLength > bytes)
            throw new ArgumentException($"the body has {request.ContentLength} bytes; at most {bytes} are taken");
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = bytes;
    }

    [GeneratedRegex(@"\A[0-9a-f]{64}\.[a-z0-9]{1,16}\z")]
    private static partial Regex ModelFile();
}
