using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>Plain shapes, flat or solid.</summary>
internal static class Shapes
{
    public static void Ball(Brush brush)
    {
        using var outline = Outline.Disc(0, 0, 0.85f);
        brush.Body(outline, brush.Palette.Main, decorated: 0.25f);
        brush.Round(outline, brush.Dice.Between(0.35f, 0.9f));
        if (brush.Dice.Chance(0.7f))
            brush.Gloss(outline, brush.Dice.Between(0.3f, 0.95f));
    }

    public static void Box(Brush brush)
    {
        if (brush.Dice.Chance(0.5f))
            Cube(brush);
        else
        {
            float width = brush.Dice.Between(0.6f, 0.85f), height = brush.Dice.Between(0.6f, 0.85f);
            using var outline = Outline.Box(-width, -height, width, height, brush.Dice.Pick(0, 0, 0.1f));
            brush.Body(outline, brush.Palette.Main, decorated: 0.25f);
        }
    }

    private static void Cube(Brush brush)
    {
        float half = 0.6f, deepX = brush.Dice.Between(0.25f, 0.45f) * brush.Dice.Pick(-1, 1), deepY = -brush.Dice.Between(0.25f, 0.45f);
        var side = deepX > 0 ? half : -half;
        SKPoint middle = new(-deepX / 2, -deepY / 2);
        SKPoint At(float x, float y) => new SKPoint(x, y) + middle;
        using var front = Outline.Polygon(At(-half, -half), At(half, -half), At(half, half), At(-half, half));
        using var top = Outline.Polygon(
            At(-half, -half), At(half, -half), At(half + deepX, -half + deepY), At(-half + deepX, -half + deepY));
        using var flank = Outline.Polygon(At(side, -half), At(side, half), At(side + deepX, half + deepY), At(side + deepX, -half + deepY));
        brush.Body(front, brush.Palette.Main, decorated: 0.2f);
        brush.Fill(top, Palette.Lighter(brush.Palette.Main, 0.4f));
        brush.Fill(flank, Palette.Darker(brush.Palette.Main, 0.45f));
    }

    public static void Triangle(Brush brush)
    {
        SKPoint Corner(float degrees) => Outline.OnCircle(degrees + brush.Dice.Between(-12, 12), brush.Dice.Between(0.85f, 1f));
        using var outline = Outline.Polygon(Corner(-90), Corner(30), Corner(150));
        brush.Body(outline, brush.Palette.Main, decorated: 0.25f);
    }

    public static void Star(Brush brush)
    {
        var points = brush.Dice.Pick(5, 5, 5, 6, 4);
        var waist = points == 4 ? brush.Dice.Between(0.25f, 0.38f) : brush.Dice.Between(0.36f, 0.5f);
        var corners = new SKPoint[2 * points];
        for (var corner = 0; corner < corners.Length; corner++)
            corners[corner] = Outline.OnCircle(180f * corner / points - 90, corner % 2 == 0 ? 1 : waist);
        using var outline = Outline.Polygon(corners);
        brush.Body(outline, brush.Palette.Main, decorated: 0.15f);
    }

    public static void Ring(Brush brush)
    {
        float outer = 0.88f, inner = brush.Dice.Between(0.42f, 0.62f);
        using var outline = Outline.Draw(path =>
        {
            path.FillType = SKPathFillType.EvenOdd;
            path.AddCircle(0, 0, outer);
            path.AddCircle(0, 0, inner);
        });
        brush.Body(outline, brush.Palette.Main, decorated: 0.2f);
        if (brush.Dice.Chance(0.5f))
        {
            // A tube rather than a washer: a bright line along its back.
            brush.Arc(
                0, 0, (outer + inner) / 2, brush.Dice.Between(0, 360), brush.Dice.Between(90, 300),
                Palette.Lighter(brush.Palette.Main, 0.6f), (outer - inner) * 0.2f);
            brush.Round(outline, 0.4f);
        }
    }

    public static void Heart(Brush brush)
    {
        var dip = brush.Dice.Between(-0.5f, -0.35f);
        using var outline = Outline.Draw(path =>
        {
            path.MoveTo(0, 0.9f);
            path.CubicTo(-1.2f, 0.15f, -1.05f, -0.85f, -0.5f, -0.85f);
            path.CubicTo(-0.2f, -0.85f, 0, -0.65f, 0, dip);
            path.CubicTo(0, -0.65f, 0.2f, -0.85f, 0.5f, -0.85f);
            path.CubicTo(1.05f, -0.85f, 1.2f, 0.15f, 0, 0.9f);
            path.Close();
        });
        var color = brush.Dice.Chance(0.35f) ? brush.Palette.Near(352, 85, 85) : brush.Palette.Main;
        brush.Body(outline, color, decorated: 0.15f);
        if (brush.Dice.Chance(0.4f))
            brush.Gloss(outline, brush.Dice.Between(0.3f, 0.8f));
    }
}
